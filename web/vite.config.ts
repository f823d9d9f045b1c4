// Builds the page into the Python package, where the service reads it. Everything is a file of its own: the
// service's content security policy lets no inline script or style run. What draws terminals and diagrams is one
// program each, which the service puts into a document of its own.
import react from "@vitejs/plugin-react";
import { build, defineConfig, type Plugin } from "vite";

const service = "http://127.0.0.1:7717";

const FRAMES = { terminal: "src/features/terminal/frame.ts", diagram: "src/shared/diagram/frame.ts" };

/** mermaid's file is a script: it finds its own variable in the global object, where a bundle has none. */
const mermaidInBundle: Plugin = {
  name: "mermaid-in-bundle",
  transform: (code, id) => (id.endsWith("mermaid.tiny.js") ? code.replaceAll("globalThis.__esbuild_esm", "__esbuild_esm") : null),
};

/** Builds the programs of the iframes beside the page, each as one file. */
function framePrograms(): Plugin {
  return {
    name: "frame-programs",
    apply: "build",
    async writeBundle({ dir }) {
      for (const [name, entry] of Object.entries(FRAMES)) {
        await build({
          configFile: false,
          logLevel: "warn",
          publicDir: false,
          plugins: [mermaidInBundle],
          build: {
            outDir: dir,
            emptyOutDir: false,
            target: "es2022",
            lib: { entry, formats: ["iife"], name: "boocoderFrame", fileName: () => `${name}.js` },
          },
        });
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), framePrograms()],
  build: {
    outDir: "../src/boocoder/api/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  // `npm run dev` beside a running service; sign in there first.
  server: { proxy: { "/api": { target: service, ws: true }, "/login": service, "/terminal-frame": service, "/diagram-frame": service } },
});
