"""Colours and classes of the map, shared by the page, the legend and the reports."""

SHARE_BREAKS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
"""Upper ends (exclusive) of all classes but the last: fixed, so that two maps can be compared.

Narrow below, where real districts lie."""

SHARE_COLOURS = (
    "#fbf0cd",
    "#d3dfb0",
    "#a6cda8",
    "#74b2a6",
    "#4596a3",
    "#2f7496",
    "#1f4e79",
)
"""From sand to blue, lightness falling evenly: readable without telling red from green."""

PRINTED_SHARE_COLOURS = (
    "#f4f2ea",
    "#e2ebef",
    "#c9dce7",
    "#aacade",
    "#84b3d0",
    "#5796bd",
    "#2c76a5",
)
"""Those of the console by day, for what is printed from it; in grey their order stays."""

COLOURS = {
    "land": "#f5f3ee",
    "farmland": "#eaefdc",
    "water": "#c9dbe8",
    "building": "#ddd5c7",
    "building_edge": "#b9ae9b",
    "road": "#ffffff",
    "road_edge": "#b9b4a8",
    "road_name": "#5b564c",
    "no_data": "#a7a59f",
    "no_demand": "#dcdddf",
    "outline": "#3c4a57",
    "skynet": "#1d4f9c",
    "social": "#7a3b93",
    "unsorted": "#5f6614",
    "offline": "#6d7278",
    "gap": "#d1570b",
    "incident": "#c31f39",
    "closed": "#767b82",
    "sees": "#0b6e4f",
    "possible": "#a35a00",
    "near": "#5f6670",
    "centre": "#22313f",
    "place": "#5d4a37",
}
