/** Makes the first letter upper case. */
export function capitalise(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
