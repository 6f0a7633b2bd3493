import { Banner } from "./components/Banner";
import { Cards } from "./components/Cards";
import { Chargers } from "./components/chargers/Chargers";
import { Chart } from "./components/Chart";
import { Decisions } from "./components/Decisions";
import { Flow } from "./components/Flow";
import { Heating } from "./components/heating/Heating";
import { Header } from "./components/Header";
import { Price } from "./components/Price";
import { Savings } from "./components/Savings";
import { TokenForm } from "./components/TokenForm";
import { t } from "./i18n";
import { view, type View } from "./route";
import { connection, home, unlock } from "./store";

function Overview() {
  return (
    <>
      <div class="hero">
        <Flow />
        <div class="side">
          <Savings />
          <Price />
        </div>
      </div>
      <Cards />
      <Chart />
      <Decisions />
    </>
  );
}

const VIEWS: Record<View, () => ReturnType<typeof Overview> | null> = {
  home: Overview,
  heating: Heating,
  chargers: Chargers,
};

export function App() {
  if (connection.value === "locked") return <TokenForm unlock={unlock} />;
  if (home.value === null) {
    return (
      <main class="waiting" aria-live="polite">
        <img src="/icon.svg" alt="" width="56" height="56" />
        <p>{t.loading}</p>
      </main>
    );
  }
  const Page = VIEWS[view.value];
  return (
    <>
      <a class="skip" href="#content">
        {t.skipToContent}
      </a>
      <Header />
      <main id="content" class={connection.value === "offline" ? "page is-offline" : "page"}>
        <Banner />
        <Page />
      </main>
      <footer class="page footer small muted">
        <p>{t.footer.about}</p>
        <nav>
          <a href="/docs">{t.footer.api}</a>
          <a href="/healthz">{t.footer.health}</a>
          <a href="/metrics">{t.footer.metrics}</a>
        </nav>
      </footer>
    </>
  );
}
