import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  UTCTimestamp,
} from "lightweight-charts";

import type { Zone } from "./chartModel";

interface Box {
  left: number;
  top: number;
  height: number;
  color: string;
}

/** Draws areas behind the candles, from a time to the right edge. */
export class ZonesPrimitive implements ISeriesPrimitive {
  private zones: readonly Zone[] = [];
  private host: SeriesAttachedParameter | null = null;
  private readonly view: IPrimitivePaneView = {
    zOrder: () => "bottom",
    renderer: () => this.renderer(),
  };

  attached(host: SeriesAttachedParameter): void {
    this.host = host;
  }

  detached(): void {
    this.host = null;
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [this.view];
  }

  show(zones: readonly Zone[]): void {
    this.zones = zones;
    this.host?.requestUpdate();
  }

  private box(zone: Zone, host: SeriesAttachedParameter): Box | null {
    const top = host.series.priceToCoordinate(zone.top);
    const bottom = host.series.priceToCoordinate(zone.bottom);
    const left = host.chart.timeScale().timeToCoordinate(zone.from as UTCTimestamp);
    if (top === null || bottom === null) return null;
    return { left: left ?? 0, top, height: bottom - top, color: zone.color };
  }

  private renderer(): IPrimitivePaneRenderer | null {
    const host = this.host;
    if (host === null) return null;
    const boxes = this.zones.flatMap((zone) => this.box(zone, host) ?? []);
    return {
      draw: (target: Parameters<IPrimitivePaneRenderer["draw"]>[0]) => {
        target.useMediaCoordinateSpace(({ context, mediaSize }) => {
          for (const { left, top, height, color } of boxes) {
            context.fillStyle = color;
            context.fillRect(left, top, mediaSize.width - left, height);
          }
        });
      },
    };
  }
}
