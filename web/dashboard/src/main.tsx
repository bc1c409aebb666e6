// The dashboard's page.
import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/views.css";
import { App } from "./app.js";
import { followServer } from "./core/live.js";
import { followAddress } from "./core/route.js";
import { followTheme } from "./core/theme.js";
import { followStates } from "./core/watching.js";

followTheme();
followAddress();
followServer();
followStates();
render(<App />, document.getElementById("app") as HTMLElement);
