import type { CodegenConfig } from "@graphql-codegen/cli";

// The committed schemas of the product: a field that is gone there does not compile here.
const schemas = "../control-plane";
const shared = {
  preset: "client" as const,
  presetConfig: { fragmentMasking: false },
  config: {
    scalars: { DateTime: "string", ID: "string" },
    enumsAsTypes: true,
    useTypeImports: true,
    skipTypename: true,
  },
};

const config: CodegenConfig = {
  ignoreNoDocuments: true,
  generates: {
    "src/api/customer/": {
      ...shared,
      schema: `${schemas}/schema.graphql`,
      documents: ["src/**/*.graphql", "!src/pages/admin/**"],
    },
    "src/api/admin/": {
      ...shared,
      schema: `${schemas}/admin.graphql`,
      documents: ["src/pages/admin/**/*.graphql"],
    },
  },
};

export default config;
