import react from "@vitejs/plugin-react";
import { compression, defineAlgorithm } from "vite-plugin-compression2";
import { defineConfig } from "vitest/config";

/** Where `cargo xtask up` listens; the development server hands API calls on to it. */
const product = process.env.TENANTRY_DEV_API ?? "http://localhost:8080";

export default defineConfig({
  plugins: [
    react(),
    // The product serves the compressed variants as they lie there.
    compression({
      include: /\.(js|css|svg)$/,
      threshold: 512,
      algorithms: [defineAlgorithm("gzip", { level: 9 }), defineAlgorithm("brotliCompress")],
    }),
  ],
  // The product writes a fresh nonce into each answer: no inline style or script runs without it.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: "es2023",
    // A style or an image inside the code would need `data:` or inline rights; files are cached for good anyway.
    assetsInlineLimit: 0,
    sourcemap: false,
    reportCompressedSize: false,
  },
  // Node and Vite would each load a `graphql` of their own: one for both.
  test: { server: { deps: { inline: ["@graphql-inspector/core"] } } },
  server: {
    port: 5173,
    // The host stays the browser's: the API refuses requests whose origin is another host than the one they ask.
    proxy: {
      "/graphql": { target: product, ws: true },
      "/admin/graphql": { target: product },
      "/export": { target: product },
      // Log-ins at identity providers; other addresses below `/sso` are pages.
      "/oidc": { target: product },
      "/saml": { target: product },
      "^/sso/start": { target: product },
      // With a question only: `/open-refused` is a page.
      "^/open\\?": { target: product },
    },
  },
});
