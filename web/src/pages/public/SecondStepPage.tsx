import { useEffect, useState } from "react";
import { Navigate, useLocation, useNavigate } from "react-router";
import type { SecondFactor } from "../../api/customer/graphql";
import { safeNext } from "../../app/next";
import { useGoOn, useSession } from "../../app/session";
import { SecondStep } from "./SecondStep";
import { waiting } from "./waiting";

/** The second step of a log-in that a provider for everybody has begun: the address holds which one waits. */
export function SecondStepPage() {
  const location = useLocation();
  const navigate = useNavigate();
  const [pending] = useState(() => waiting(location.hash));
  const [entered, setEntered] = useState(false);
  const { viewer, refresh } = useSession();
  const goOn = useGoOn();
  // It leaves the address bar at once, so that it stays in no history.
  useEffect(() => {
    if (pending) window.history.replaceState(window.history.state, "", location.pathname);
  }, [pending, location]);
  useEffect(() => {
    if (entered && viewer) goOn(safeNext(pending?.next ?? null));
  }, [entered, viewer, pending, goOn]);
  if (!pending) return <Navigate to="/log-in" replace />;
  const enter = () => {
    setEntered(true);
    refresh();
  };
  return (
    <SecondStep
      token={pending.token}
      factors={pending.factors as SecondFactor[]}
      onDone={enter}
      onAgain={() => navigate("/log-in", { replace: true })}
    />
  );
}
