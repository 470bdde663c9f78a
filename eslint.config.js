import compat from "eslint-plugin-compat";
import vue from "eslint-plugin-vue";
import ts from "typescript-eslint";

// The size rules are those of the Python code; browsers are those of `browserslist` in package.json.
export default ts.config(
  { ignores: ["**/schema.d.ts", "maps/web/**", "node_modules/**"] },
  ...ts.configs.strict,
  ...vue.configs["flat/recommended"],
  compat.configs["flat/recommended"],
  {
    files: ["maps/console/**/*.{ts,vue}"],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      "max-lines": ["error", 399],
      "max-lines-per-function": ["error", { max: 40, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 5],
      complexity: ["error", 12],
      "vue/html-self-closing": "off",
      "vue/max-attributes-per-line": "off",
      "vue/singleline-html-element-content-newline": "off",
      "vue/html-indent": "off",
      "vue/html-closing-bracket-newline": "off",
      "vue/first-attribute-linebreak": "off",
      "vue/multi-word-component-names": "off",
      "vue/no-v-html": "error",
    },
  },
);
