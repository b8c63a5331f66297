/**
 * Console device with several named ports (virtio 1.2, section 5.3). Port 0 is the guest's console (hvc0); the others are
 * `/dev/virtio-ports/NAME`. A driver that knows one port only has port 0.
 */

import type { DeviceState } from "../../../bus/port.ts";
import { VmError } from "../../../error.ts";
import { hasFeature, toFeatures, type Queue, type VirtioDevice, type VirtioHost } from "../port.ts";
import { stateList } from "../state.ts";
import { ConsolePort } from "./console-port.ts";
import { CONTROL, ControlSender, parseControlMessage, type ControlMessage } from "./control.ts";

/** Features of the device (section 5.3.3). */
const FEATURE = { size: 0, multiport: 1, emergencyWrite: 2 } as const;

/** Ports of one console, at most. */
const PORTS_MAX = 31;

/** Offsets in the configuration space (section 5.3.4). */
const FIELD = { columns: 0, rows: 2, portsMax: 4, emergencyWrite: 8 } as const;
const CONFIG_BYTES = 12;

/** Queues: port 0's pair, control's pair, then the others'. Of each pair the first one leads to the guest. */
const CONTROL_RECEIVE = 2;
const CONTROL_TRANSMIT = 3;
const firstQueue = (port: number): number => (port === 0 ? 0 : 2 + port * 2);
const portOf = (queue: number): number => (queue < 2 ? 0 : (queue >> 1) - 1);

/** A console's own options. */
export type ConsoleOptions = {
  /** Names of the ports, ASCII; the first one is the console. 1 to 31. */
  readonly ports: readonly string[];
  /** The terminal's size in characters; 80 by 25 where left out. */
  readonly size?: { readonly columns: number; readonly rows: number };
};

/** A console, with the host's side of it. */
export interface VirtioConsole extends VirtioDevice {
  /** @returns undefined where the console has no port of that name */
  port(name: string): ConsolePort | undefined;
  /** The terminal behind port 0 has another size now, in characters. */
  resize(columns: number, rows: number): void;
}

/** Makes a console. @throws VmError `option_invalid` for no ports, too many, or a name twice */
export function createVirtioConsole(options: ConsoleOptions): VirtioConsole {
  const { ports } = options;
  const sound = ports.length > 0 && ports.length <= PORTS_MAX && new Set(ports).size === ports.length;
  if (!sound)
    throw new VmError(
      "option_invalid",
      `A console has 1 to ${PORTS_MAX} ports, each with a name of its own; got ${ports.join(", ") || "none"}.`,
    );
  return new Console(options);
}

class Console implements VirtioConsole {
  readonly deviceId = 3;
  readonly features = toFeatures(Object.values(FEATURE));
  readonly queueCount: number;
  readonly queueSize = 64;
  readonly config: Uint8Array = new Uint8Array(CONFIG_BYTES);
  readonly #fields: DataView;
  readonly #ports: readonly ConsolePort[];
  readonly #control = new ControlSender();
  #host: VirtioHost | undefined;

  constructor({ ports, size = { columns: 80, rows: 25 } }: ConsoleOptions) {
    this.queueCount = (ports.length + 1) * 2;
    this.#ports = ports.map((name, index) => this.#createPort(name, index));
    this.#fields = new DataView(this.config.buffer);
    this.#fields.setUint32(FIELD.portsMax, ports.length, true);
    this.resize(size.columns, size.rows);
  }

  port(name: string): ConsolePort | undefined {
    return this.#ports.find((port) => port.name === name);
  }

  resize(columns: number, rows: number): void {
    this.#fields.setUint16(FIELD.columns, columns, true);
    this.#fields.setUint16(FIELD.rows, rows, true);
    this.#host?.configChanged();
  }

  connect(host: VirtioHost): void {
    this.#host = host;
  }

  /** An early kernel writes its last words by this register, a character at a time. */
  writeConfig(offset: number, _size: number, value: number): void {
    if (offset === FIELD.emergencyWrite) this.#ports[0]?.onData(Uint8Array.of(value));
  }

  notify(index: number): void {
    if (index === CONTROL_RECEIVE) this.#control.flush(this.#queue(CONTROL_RECEIVE));
    else if (index === CONTROL_TRANSMIT) this.#readControl();
    else this.#notifyPort(index);
  }

  reset(): void {
    this.#control.clear();
    for (const port of this.#ports) port.setGuestOpen(false);
  }

  save(): DeviceState {
    return { ports: this.#ports.map((port) => port.save()), control: this.#control.save() };
  }

  restore(state: DeviceState): void {
    const ports = stateList(state, "ports", this.#ports.length);
    for (const [index, port] of this.#ports.entries()) port.restore(ports[index] ?? {});
    this.#control.restore(state, "control");
  }

  get #multiport(): boolean {
    return this.#host !== undefined && hasFeature(this.#host.features, FEATURE.multiport);
  }

  #queue(index: number): Queue | undefined {
    return this.#host?.queue(index);
  }

  #createPort(name: string, index: number): ConsolePort {
    return new ConsolePort({
      name,
      receiveQueue: () => this.#queue(firstQueue(index)),
      transmitQueue: () => this.#queue(firstQueue(index) + 1),
      announce: (open) => this.#send({ port: index, event: CONTROL.portOpen, value: open ? 1 : 0 }),
    });
  }

  /** Without several ports nobody says when the one is opened: its driver's being there is it. */
  #notifyPort(index: number): void {
    const port = this.#ports[portOf(index)];
    if (!this.#multiport) this.#ports[0]?.setGuestOpen(true);
    if (index % 2 === 0) port?.feedGuest();
    else port?.drainGuest();
  }

  #readControl(): void {
    const queue = this.#queue(CONTROL_TRANSMIT);
    for (let chain = queue?.pop(); chain !== undefined; chain = queue?.pop()) {
      const message = parseControlMessage(chain.readable);
      queue?.push(chain, 0);
      if (message !== undefined) this.#handle(message);
    }
  }

  #handle({ port: index, event, value }: ControlMessage): void {
    const port = this.#ports[index];
    if (event === CONTROL.deviceReady && value === 1)
      this.#ports.forEach((_port, at) => this.#send({ port: at, event: CONTROL.portAdd, value: 1 }));
    else if (event === CONTROL.portReady && value === 1 && port !== undefined) this.#introduce(port, index);
    else if (event === CONTROL.portOpen) port?.setGuestOpen(value === 1);
  }

  /** The driver knows the port: what it is, and whether somebody is at its other end. */
  #introduce(port: ConsolePort, index: number): void {
    if (index === 0) this.#send({ port: index, event: CONTROL.consolePort, value: 1 });
    const name = Uint8Array.from(port.name, (character) => character.charCodeAt(0) & 0x7f);
    this.#send({ port: index, event: CONTROL.portName, value: 1 }, name);
    if (port.hostOpen) this.#send({ port: index, event: CONTROL.portOpen, value: 1 });
  }

  #send(message: ControlMessage, rest?: Uint8Array): void {
    if (!this.#multiport || this.#host?.driverReady !== true) return;
    if (!this.#control.add(message, rest)) return this.#host.fail();
    this.#control.flush(this.#queue(CONTROL_RECEIVE));
  }
}
