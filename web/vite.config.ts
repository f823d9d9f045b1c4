// Builds the page into the Python package, where the service reads it. Everything is a file of its own: the
// service's content security policy lets no inline script or style run. What draws terminals is one program for
// itself, which the service puts into a document of its own.
import react from "@vitejs/plugin-react";
import { build, defineConfig, type Plugin } from "vite";

const service = "http://127.0.0.1:7717";

/** Builds terminal.js beside the page. */
function terminalProgram(): Plugin {
  return {
    name: "terminal-program",
    apply: "build",
    async writeBundle({ dir }) {
      await build({
        configFile: false,
        logLevel: "warn",
        publicDir: false,
        build: {
          outDir: dir,
          emptyOutDir: false,
          target: "es2022",
          lib: { entry: "src/features/terminal/frame.ts", formats: ["iife"], name: "boocoderTerminal", fileName: () => "terminal.js" },
        },
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), terminalProgram()],
  build: {
    outDir: "../src/boocoder/api/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  // `npm run dev` beside a running service; sign in there first.
  server: { proxy: { "/api": { target: service, ws: true }, "/login": service, "/terminal-frame": service } },
});
