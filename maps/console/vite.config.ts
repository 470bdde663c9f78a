import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

// One entry, hashed names, and a manifest by which the shell (a Jinja template) finds them.
export default defineConfig({
  root: import.meta.dirname,
  base: "/static/console/",
  publicDir: false,
  plugins: [vue()],
  worker: { format: "es" },
  build: {
    outDir: "../web/static/console",
    emptyOutDir: true,
    target: "chrome109",
    cssTarget: "chrome109",
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: "src/main.ts" },
  },
  test: { include: ["tests/**/*.test.ts"], environment: "node" },
});
