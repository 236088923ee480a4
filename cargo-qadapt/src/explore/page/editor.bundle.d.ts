// The types of the bundle are those of what it is made of.
export * from "../../../front/editor.js";
