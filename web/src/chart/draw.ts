import { LineChart } from "echarts/charts";
import {
  AxisPointerComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
} from "echarts/components";
import { init, use, type ECharts } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { t } from "../i18n";
import { buildOption, nowMarks, type Scene } from "./option";

use([
  LineChart,
  GridComponent,
  TooltipComponent,
  AxisPointerComponent,
  MarkLineComponent,
  MarkAreaComponent,
  SVGRenderer,
]);

/** A chart in an element that follows the element's size. */
export class Drawing {
  readonly #chart: ECharts;
  readonly #observer: ResizeObserver;
  #drawn = false;

  constructor(element: HTMLElement) {
    this.#chart = init(element, null, { renderer: "svg" });
    this.#observer = new ResizeObserver(() => this.#chart.resize());
    this.#observer.observe(element);
  }

  draw(scene: Scene): void {
    this.#chart.setOption(buildOption(scene), { replaceMerge: ["series"] });
    this.#drawn = true;
  }

  /** Move only the line of the present. */
  moveNow(scene: Scene): void {
    if (!this.#drawn) return; // There are no axes yet that a line could stand on.
    const series = nowMarks(scene.now, scene.rows.times[0] ?? scene.now, scene.look, t.chart.now);
    this.#chart.setOption({ series });
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#chart.dispose();
  }
}
