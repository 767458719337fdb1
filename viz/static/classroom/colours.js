// One colour per country, as in every chart of Orebloc (viz/colour.py; a test compares).
export const COLOURS = {
  CHN: "#d55e00", USA: "#0072b2", EU27: "#009e73", AUS: "#e69f00", JPN: "#cc79a7", COD: "#882255", IDN: "#56b4e9", CHL: "#999933",
  RUS: "#6f6fc4", CAN: "#44aa99", MYS: "#c9a227", MMR: "#aa4499", IND: "#b0713c", KOR: "#5b8c3a", OTH: "#8a8a8a",
};
