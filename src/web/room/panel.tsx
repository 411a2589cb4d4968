import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Assistant, type TalkControl } from './assistant.tsx';
import { Icon } from './icon.tsx';
import { MessageBox, type Messages } from './messages.tsx';
import { PersonList } from './person-list.tsx';
import { ReportProblem } from './report-problem.tsx';
import { isPerson, type Shared } from './shared.ts';

type Props = Shared &
  TalkControl & {
    readonly messages: Messages;
    readonly history: () => readonly unknown[];
    readonly onClose: () => void;
  };

/** Who is in the call, with what one can do for the others' ears, messages, the AI, and what went wrong. */
export function Panel({ onClose, messages, history, ...props }: Props): ReactNode {
  const { client, people, media } = props;
  const close = useRef<HTMLButtonElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const [to, setTo] = useState<string>();
  useEffect(() => close.current?.focus(), []);
  const inCall = people.users.filter((user) => user.joined && isPerson(user));
  const write = (id: string): void => {
    setTo(id);
    field.current?.focus();
  };
  return (
    <aside className="panel" aria-label="People" onKeyDown={({ key }) => key === 'Escape' && onClose()}>
      <div className="row">
        <h2>People</h2>
        <button type="button" className="small" aria-label="Close" ref={close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <PersonList client={client} people={inCall} onWrite={write} />
      <MessageBox
        {...messages}
        others={inCall.filter(({ id }) => id !== client.id)}
        {...{ to, field }}
        onChoose={setTo}
      />
      {media?.offer.ai.configured === true && <Assistant {...props} media={media} />}
      {media?.offer.feedback === true && <ReportProblem {...props} {...{ media, history }} />}
    </aside>
  );
}
