// A host of a folder that knows no ranges and sends the site's own headers:
//   node whole.mjs FOLDER

import { host } from "../../client/test/host.mjs";

const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const { url } = await host(process.argv[2], "whole", { "Content-Security-Policy": policy });
console.error(`serving at ${url}/`);
