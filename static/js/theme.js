// Applies the remembered theme before the first paint; the switch is in portal.js.
const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;
