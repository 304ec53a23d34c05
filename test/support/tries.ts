/** How often something is tried, each time with another seed or at another moment: `few` in `npm test`, `many` in `npm run test:all`. */
export function tries({ few, many }: { few: number; many: number }): number {
  return process.env["ROOMFUL_TEST_THOROUGH"] ? many : few;
}
