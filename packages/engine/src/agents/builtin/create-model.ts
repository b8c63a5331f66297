import type { LanguageModel } from "ai";
import type { ModelChoice, ProviderName } from "./choose-model.ts";

type ModelMaker = (choice: ModelChoice) => Promise<LanguageModel>;

/** Each loads the package of its provider alone: one costs about 30 ms at the start. */
const MAKERS: Readonly<Record<ProviderName, ModelMaker>> = {
  async anthropic(choice) {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    const key = choice.bearer ? { authToken: choice.apiKey } : { apiKey: choice.apiKey };
    return createAnthropic({ ...toPlace(choice), ...key })(choice.model);
  },
  async openai(choice) {
    const { createOpenAI } = await import("@ai-sdk/openai");
    return createOpenAI({ ...toPlace(choice), apiKey: choice.apiKey }).responses(choice.model);
  },
  async google(choice) {
    const { createGoogle } = await import("@ai-sdk/google");
    return createGoogle({ ...toPlace(choice), apiKey: choice.apiKey })(choice.model);
  },
  async "openai-compatible"({ provider, model, apiKey, baseUrl = "" }) {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const key = apiKey === "" ? {} : { apiKey };
    return createOpenAICompatible({ name: provider, baseURL: baseUrl, includeUsage: true, ...key })(model);
  },
};

/** Makes the model of `choice`. */
export function createModel(choice: ModelChoice): Promise<LanguageModel> {
  return MAKERS[choice.provider](choice);
}

function toPlace({ baseUrl }: ModelChoice): { readonly baseURL?: string } {
  return baseUrl === undefined ? {} : { baseURL: baseUrl };
}
