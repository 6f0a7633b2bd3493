import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const apidocs = fileURLToPath(new URL("../src/ohmstead/apidocs/static", import.meta.url));
const out = fileURLToPath(new URL("../src/ohmstead/web/static", import.meta.url));

/** /docs works without the internet: the files that Swagger UI needs are shipped, for the agents too. */
function swaggerUi(): Plugin {
  const source = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const files = {
    "swagger-ui-bundle.js": "",
    "swagger-ui-bundle.js.LICENSE.txt": "",
    "swagger-ui.css": "",
    LICENSE: "LICENSE.txt",
    NOTICE: "NOTICE.txt",
  };
  return {
    name: "swagger-ui",
    apply: "build",
    closeBundle() {
      for (const [from, to] of Object.entries(files)) {
        copyFileSync(join(source, from), join(apidocs, to || from));
      }
    },
  };
}

/** What the licences of the bundled packages ask for: their texts go with the built files. */
function licences(): Plugin {
  const packages = ["preact", "@preact/signals", "@preact/signals-core", "echarts", "zrender"];
  const modules = fileURLToPath(new URL("node_modules", import.meta.url));
  return {
    name: "licences",
    apply: "build",
    closeBundle() {
      const texts = packages.flatMap((name) =>
        ["LICENSE", "LICENSE.txt", "NOTICE"]
          .map((file) => join(modules, name, file))
          .filter((path) => existsSync(path))
          .map((path) => `== ${name} ==\n\n${readFileSync(path, "utf8").trim()}\n`),
      );
      writeFileSync(join(out, "licences.txt"), texts.join("\n"));
    },
  };
}

export default defineConfig({
  plugins: [swaggerUi(), licences()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: out,
    emptyOutDir: true,
    // The home's dashboard, and the page of `ohmstead chargers serve`.
    rollupOptions: { input: ["index.html", "simulator.html"] },
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/healthz", "/metrics", "/openapi.json"].map((path) => [path, "http://127.0.0.1:8080"]),
    ),
  },
});
