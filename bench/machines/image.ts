/** Building an image twice from nothing but its manifest. */
import type { Measurement } from "../measurement.ts";
import { buildImage, IMAGE, type Place } from "./place.ts";
import { alone, timed } from "./timing.ts";

/** Measures it. What was built stays: machines are made of it. */
export async function measureImage(place: Place): Promise<Measurement[]> {
  const [first, second] = [await timed(() => buildImage(place)), await timed(() => buildImage(place))];
  return [
    {
      name: `The image \`${IMAGE}\` is built`,
      unit: "s",
      peer: "",
      rounds: alone(first.ms / 1000, second.ms / 1000),
    },
    {
      name: `The image \`${IMAGE}\`, built twice: images whose hashes differ`,
      unit: "images",
      peer: "",
      rounds: alone(first.value.digest === second.value.digest ? 0 : 1),
      target: { of: "cloister", p50: 0 },
    },
  ];
}
