/** The environment variables that matter to access to models. The only list of them in the gateway. */
import type { Provider } from "@cloister/core";
import type { CredentialSource } from "../policy.ts";

/** A variable that holds a credential which the gateway can use. */
export type CredentialVariable = Pick<CredentialSource, "provider" | "kind"> & { readonly name: string };

/** In the order in which they are tried. */
export const CREDENTIAL_VARIABLES: readonly CredentialVariable[] = [
  { name: "ANTHROPIC_API_KEY", provider: "anthropic", kind: "api_key" },
  { name: "ANTHROPIC_AUTH_TOKEN", provider: "anthropic", kind: "bearer" },
  { name: "CLAUDE_CODE_OAUTH_TOKEN", provider: "anthropic", kind: "oauth" },
  { name: "OPENAI_API_KEY", provider: "openai", kind: "bearer" },
  { name: "CODEX_API_KEY", provider: "openai", kind: "bearer" },
  { name: "GEMINI_API_KEY", provider: "gemini", kind: "api_key" },
  { name: "GOOGLE_API_KEY", provider: "gemini", kind: "api_key" },
];

/** Variables that name a provider's address. */
export const BASE_URL_VARIABLES: Readonly<Record<Provider, string>> = {
  anthropic: "ANTHROPIC_BASE_URL",
  openai: "OPENAI_BASE_URL",
  gemini: "GOOGLE_GEMINI_BASE_URL",
};

/** Credentials of models that are reached past the gateway: an agent behind it needs none of them. */
const OTHER_CREDENTIALS: readonly string[] = [
  "AMP_API_KEY",
  "ANTHROPIC_FOUNDRY_API_KEY",
  "AWS_BEARER_TOKEN_BEDROCK",
  "AZURE_API_KEY",
  "AZURE_OPENAI_API_KEY",
  "CEREBRAS_API_KEY",
  "COPILOT_GITHUB_TOKEN",
  "COPILOT_PROVIDER_API_KEY",
  "COPILOT_PROVIDER_BEARER_TOKEN",
  "CURSOR_API_KEY",
  "DASHSCOPE_API_KEY",
  "DEEPSEEK_API_KEY",
  "FACTORY_API_KEY",
  "FIREWORKS_API_KEY",
  "GOOGLE_GENERATIVE_AI_API_KEY",
  "GROQ_API_KEY",
  "KIRO_API_KEY",
  "MISTRAL_API_KEY",
  "MOONSHOT_API_KEY",
  "OPENCODE_API_KEY",
  "OPENROUTER_API_KEY",
  "TOGETHER_API_KEY",
  "XAI_API_KEY",
  "ZAI_API_KEY",
];

/** Free text that is sent as headers, and in practice holds keys. */
const HEADER_VARIABLES: readonly string[] = [
  "ANTHROPIC_CUSTOM_HEADERS",
  "COPILOT_PROVIDER_HEADERS",
  "GEMINI_CLI_CUSTOM_HEADERS",
];

/** Switches by which a user sends a provider's agents to another cloud, with credentials of that cloud. */
export const CLOUD_SWITCHES: Readonly<Record<Provider, readonly string[]>> = {
  anthropic: ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_FOUNDRY", "CLAUDE_CODE_USE_VERTEX"],
  openai: [],
  gemini: ["GOOGLE_GENAI_USE_GCA", "GOOGLE_GENAI_USE_VERTEXAI"],
};

/** What sends an agent elsewhere than to the addresses above, and so past the gateway. */
const DETOURS: readonly string[] = [
  ...Object.values(CLOUD_SWITCHES).flat(),
  "ANTHROPIC_BEDROCK_BASE_URL",
  "ANTHROPIC_FOUNDRY_BASE_URL",
  "ANTHROPIC_VERTEX_BASE_URL",
  "COPILOT_PROVIDER_BASE_URL",
  "GOOGLE_VERTEX_BASE_URL",
  "OPENAI_API_BASE",
];

/** Every variable that holds a credential, or may. */
export const SECRET_VARIABLES: readonly string[] = [
  ...CREDENTIAL_VARIABLES.map(({ name }) => name),
  ...OTHER_CREDENTIALS,
  ...HEADER_VARIABLES,
];

/** Every variable that decides which model provider a program talks to. */
export const ADDRESS_VARIABLES: readonly string[] = [...Object.values(BASE_URL_VARIABLES), ...DETOURS];
