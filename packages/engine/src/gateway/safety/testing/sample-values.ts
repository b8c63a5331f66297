/** Values in the form of secrets, put together here so that no file holds one. None was ever valid. */

/** Letters and digits that look drawn at random, the same each time. */
function randomText(length: number, alphabet: string): string {
  let state = 20_251_121;
  const next = (): string => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return alphabet.charAt((state >>> 16) % alphabet.length);
  };
  return Array.from({ length }, next).join("");
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const BODY = `MIIE${randomText(600, LETTERS)}`.replaceAll(/.{64}/g, "$&\n");
const [BEGIN, END] = ["BEGIN", "END"].map((edge) => `-----${edge} PRIVATE KEY-----`);

type SecretName = "anthropic" | "openai" | "aws" | "github" | "gitlab" | "google" | "slack" | "privatekey" | "assigned";

/** By the rule that finds them. */
export const SECRETS: Readonly<Record<SecretName, string>> = {
  anthropic: `sk-ant-api03-${randomText(93, LETTERS)}AA`,
  openai: `sk-proj-${randomText(48, LETTERS)}`,
  aws: `AKIA${randomText(16, CAPITALS)}`,
  github: `ghp_${randomText(36, LETTERS)}`,
  gitlab: `glpat-${randomText(20, LETTERS)}`,
  google: `AIza${randomText(35, LETTERS)}`,
  slack: `xoxb-${randomText(12, "0123456789")}-${randomText(12, "0123456789")}-${randomText(24, LETTERS)}`,
  privatekey: `${BEGIN}\n${BODY}\n${END}`,
  assigned: randomText(40, LETTERS),
};

/** A private key as a tool shows it that stops after some lines. */
export const CUT_PRIVATE_KEY: string = `${BEGIN}\n${BODY.slice(0, 250)}`;
