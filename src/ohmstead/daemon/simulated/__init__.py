"""What the demo and the backtest put around the twin: a world, its tariffs, its outlook, a trial."""
