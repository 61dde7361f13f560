import { startLanguage } from "./common.js";

startLanguage();
