import { ActionIcon, Menu } from "@mantine/core";
import { IconCrown, IconDots, IconLogout, IconShieldOff } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTenant } from "../../app/tenant";
import { EndSessions } from "./EndSessions";
import { ResetFactors } from "./ResetFactors";
import type { Member } from "./roles";
import { TransferOwnership } from "./TransferOwnership";

interface Props {
  member: Member;
  /** Whether the viewer may end the member's sessions here. */
  manages: boolean;
  onChanged: () => void;
}

type Asked = "sessions" | "factors" | "ownership" | null;

/** What is done seldom to another member. */
export function MemberMenu({ member, manages, onChanged }: Props) {
  const { t } = useTranslation("members");
  const tenant = useTenant();
  const [asked, setAsked] = useState<Asked>(null);
  const hands = tenant.role === "OWNER" && tenant.may("tenant:manage");
  if (!manages && !hands) return null;
  const close = () => setAsked(null);
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={t("more.of", { name: member.name })}>
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {manages ? (
            <Menu.Item
              leftSection={<IconLogout size={16} aria-hidden />}
              onClick={() => setAsked("sessions")}
            >
              {t("sessions.button")}
            </Menu.Item>
          ) : null}
          {manages ? (
            <Menu.Item
              leftSection={<IconShieldOff size={16} aria-hidden />}
              onClick={() => setAsked("factors")}
            >
              {t("factors.button")}
            </Menu.Item>
          ) : null}
          {hands ? (
            <Menu.Item
              leftSection={<IconCrown size={16} aria-hidden />}
              onClick={() => setAsked("ownership")}
            >
              {t("transfer.button")}
            </Menu.Item>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      <EndSessions member={member} opened={asked === "sessions"} onClose={close} />
      <ResetFactors member={member} opened={asked === "factors"} onClose={close} />
      <TransferOwnership member={member} opened={asked === "ownership"} onClose={close} onDone={onChanged} />
    </>
  );
}
