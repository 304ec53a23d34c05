import { avatarGround, initialsOf } from "../model/avatar";

/** The colour is a ground alone: as the ink of a name it would be hard to read on one of the two themes. */
export function Avatar({ name, color }: { name: string; color: string | undefined }) {
  return (
    <span class="avatar" aria-hidden="true" style={{ backgroundColor: color && avatarGround(color) }}>
      {initialsOf(name)}
    </span>
  );
}
