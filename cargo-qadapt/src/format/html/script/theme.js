// Light, dark, or as the system has it.

import { byId } from "./element.js";

const THEMES = ["auto", "light", "dark"];
const KEY = "qadapt-theme";

/** @param {string} theme */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = `Theme: ${theme}`;
}

// Storage may be forbidden, as it is for files in some browsers.
function remembered() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} theme */
function remember(theme) {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Then the next page begins as the system has it.
  }
}

export function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "") + 1) % THEMES.length];
  setTheme(theme);
  remember(theme);
}

export function buildTheme() {
  const theme = remembered();
  setTheme(THEMES.includes(theme) ? theme : "auto");
  byId("theme").addEventListener("click", nextTheme);
}
