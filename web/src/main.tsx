import { render } from "preact";
import { App } from "./app";
import { connect } from "./store";
import "./theme";

const root = document.getElementById("app");
if (root) {
  render(<App />, root);
  connect();
}
