/** Reads an OpenAPI document from standard input and prints `{ valid, errors }`. Of its own, because jest cannot load the validator. */
import { text } from "node:stream/consumers";
import { Validator } from "@seriousme/openapi-schema-validator";

const { valid, errors } = await new Validator().validate(JSON.parse(await text(process.stdin)));
console.log(JSON.stringify({ valid, errors }));
