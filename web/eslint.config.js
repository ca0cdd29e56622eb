import js from "@eslint/js";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

import { rooms } from "./eslint/rooms.js";

/** Ways to turn a money string into a float. Shapes may be drawn with floats; money is never counted in them. */
const MONEY_AS_FLOAT = [
  "CallExpression[callee.name=/^(Number|parseFloat|parseInt|BigInt)$/]",
  "MemberExpression[object.name='Number'][property.name=/^parse/]",
  "UnaryExpression[operator='+']",
].map((selector) => ({
  selector,
  message: "Money stays a string here: show it through shared/lib/format, compare or estimate in shared/lib/decimal.",
}));

export default tseslint.config(
  { ignores: ["dist", "src/shared/api/schema.ts", "public"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, a11y.flatConfigs.strict],
    plugins: { "react-hooks": hooks, desk: { rules: { rooms } } },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...hooks.configs.recommended.rules,
      "desk/rooms": "error",
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", 60],
      complexity: ["error", 12],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-console": ["error", { allow: ["warn"] }],
    },
  },
  {
    files: ["src/features/**/*.{ts,tsx}", "src/app/**/*.{ts,tsx}", "src/shared/ui/**/*.{ts,tsx}"],
    ignores: ["src/features/chart/**"],
    rules: { "no-restricted-syntax": ["error", ...MONEY_AS_FLOAT] },
  },
  {
    files: ["**/*.test.{ts,tsx}"],
    rules: { "max-lines-per-function": "off" },
  },
  {
    files: ["**/*.js"],
    languageOptions: { globals: { process: "readonly" } },
  },
);
