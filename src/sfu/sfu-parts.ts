import { ForwardingEngine } from './media/forwarding-engine.ts';
import type { SfuParts } from './sfu-blueprint.ts';
import { PortHub } from './transport/port-hub.ts';

// What the embedded SFU is really made of. Loaded by the worker thread, by its URL.

export const createTransportHub: SfuParts['createTransportHub'] = (settings, clock, logger) => {
  const { port, portMax, isTcpEnabled, announcedAddress } = settings;
  return PortHub.open({
    port: portMax > port ? { from: port, to: portMax } : port,
    tcp: isTcpEnabled,
    // Those on this side of the NAT have no way by the outer address, as a rule.
    ...(announcedAddress !== '' && { announced: { addresses: [announcedAddress], joinHost: true } }),
    clock,
    logger,
  });
};

export const createMediaEngine: SfuParts['createMediaEngine'] = ({ limits }, clock, logger) =>
  new ForwardingEngine({ clock, logger, maxVideoBps: limits.maxBitrateBps });
