/** Colours of the map, by theme. */
export interface Palette {
  ground: string;
  water: string;
  farmland: string;
  house: string;
  houseLine: string;
  road: string;
  casing: string;
  trunk: string;
  trunkCase: string;
  grid: string;
  community: string;
  areaName: string;
  label: string;
  halo: string;
  red: string;
  amber: string;
  green: string;
  plain: string;
  skynet: string;
  social: string;
  accent: string;
  onAccent: string;
  maybe: string;
  ring: string;
  gap: string;
  zone: string;
  classes: string[];
}
const LIGHT: Palette = {
  ground: "#f3f4f2", water: "#cfdfe8", farmland: "#e2ebdb", house: "#e6e7e3", houseLine: "#dadcd7",
  road: "#ffffff", casing: "#d9dddd", trunk: "#fdf6e3", trunkCase: "#e0d6b8",
  grid: "#9aabb7", community: "#6f8496", areaName: "#5f707d", label: "#4f5f6b", halo: "#ffffff",
  red: "#c62828", amber: "#b86e00", green: "#1f8050", plain: "#52616d", skynet: "#3d5a73", social: "#6a5a8c",
  accent: "#0b5a8c", onAccent: "#ffffff", maybe: "#7c8994", ring: "#ffffff", gap: "#9a3b6e", zone: "#6b7883",
  classes: ["#f4f2ea", "#e2ebef", "#c9dce7", "#aacade", "#84b3d0", "#5796bd", "#2c76a5"],
};
const DARK: Palette = {
  ground: "#131a21", water: "#162a38", farmland: "#17241d", house: "#1d262e", houseLine: "#26313a",
  road: "#2a353f", casing: "#0f151b", trunk: "#38434c", trunkCase: "#0f151b",
  grid: "#4b5b68", community: "#7b8d9b", areaName: "#8b9ba8", label: "#a9b7c2", halo: "#10171d",
  red: "#ff6f61", amber: "#f0a92e", green: "#4cb582", plain: "#a9b7c2", skynet: "#8fb4d1", social: "#b9a5e0",
  accent: "#74bbe8", onAccent: "#06212f", maybe: "#8b98a4", ring: "#0d1319", gap: "#e08bb5", zone: "#8b98a4",
  classes: ["#2a2a22", "#1b2a35", "#1d3a4c", "#234d66", "#2d6484", "#3d80a7", "#5ca2ca"],
};

/** Return the colours of the theme that the page has. */
export function palette(theme: string): Palette {
  return theme === "dark" ? DARK : LIGHT;
}
