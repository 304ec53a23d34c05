import { Component, type ComponentChild, type FunctionComponent } from "preact";

/** A component that is drawn again only when one of its properties is another. */
export function memo<Props extends object>(Inner: FunctionComponent<Props>) {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Readonly<Props>): boolean {
      const names = Object.keys({ ...this.props, ...next }) as (keyof Props)[];
      return names.some((name) => this.props[name] !== next[name]);
    }

    override render(): ComponentChild {
      return <Inner {...this.props} />;
    }
  };
}
