// Hosts of a folder: one that does ranges, one that does not, and one that compresses what it
// was asked a range of. Counts what it is asked for.

import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript; charset=utf-8", css: "text/css; charset=utf-8", json: "application/json", svg: "image/svg+xml" };

/** `kind`: `ranges`, `whole` or `compressing`. `headers`: sent with every answer. */
export const host = async (folder, kind, headers = {}) => {
  const asked = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://host").pathname);
    const file = [join(folder, path), join(folder, `${path}.html`), join(folder, path, "index.html")].find((name) => existsSync(name) && statSync(name).isFile());
    asked.push({ path, range: request.headers.range });
    if (!file) return response.writeHead(404, headers).end();
    const type = TYPES[file.split(".").pop()] ?? "application/octet-stream";
    const cache = /-[0-9a-f]{12}|\.[0-9a-f]{8}\./.test(path) ? "public, max-age=31536000, immutable" : "no-cache";
    const all = { ...headers, "Content-Type": type, "Cache-Control": cache };
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
    if (!range || kind === "whole") {
      response.writeHead(200, { ...all, "Content-Length": statSync(file).size });
      return createReadStream(file).pipe(response);
    }
    const size = statSync(file).size;
    const [from, to] = [Number(range[1]), Math.min(Number(range[2]), size - 1)];
    if (kind === "compressing") {
      const part = gzipSync(readFileSync(file)).subarray(from, to + 1);
      response.writeHead(206, { ...all, "Content-Encoding": "gzip", "Content-Range": `bytes ${from}-${to}/${size}` });
      return response.end(gzipSync(part));
    }
    response.writeHead(206, { ...all, ETag: `"${size}"`, "Content-Range": `bytes ${from}-${to}/${size}`, "Content-Length": to - from + 1 });
    createReadStream(file, { start: from, end: to }).pipe(response);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, asked, close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }) };
};
