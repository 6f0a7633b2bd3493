import { render } from "preact";
import { Simulator } from "./components/simulator/Simulator";
import { start } from "./simulator";
import "./theme";

const root = document.getElementById("app");
if (root) {
  render(<Simulator />, root);
  start();
}
