// What the page uses of CodeMirror, in one file.
export { EditorState, Compartment, StateEffect, StateField, RangeSet, Prec } from "@codemirror/state";
export { EditorView, GutterMarker, gutter, lineNumbers, keymap, drawSelection, highlightActiveLine, Decoration } from "@codemirror/view";
export { HighlightStyle, syntaxHighlighting, bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
export { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
export { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
export { searchKeymap, highlightSelectionMatches } from "@codemirror/search";
export { setDiagnostics, lintKeymap } from "@codemirror/lint";
export { rust } from "@codemirror/lang-rust";
export { tags } from "@lezer/highlight";
