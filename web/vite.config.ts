// Builds the page into the Python package, where the service reads it. Everything is a file of its own: the
// service's content security policy lets no inline script or style run.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const service = "http://127.0.0.1:7717";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: "../src/boocoder/api/page",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  // `npm run dev` beside a running service; sign in there first.
  server: { proxy: { "/api": { target: service, ws: true }, "/login": service } },
});
