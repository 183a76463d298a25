/** The page map. Each area is loaded with its code when it is first visited. */
import type { RouteObject } from "react-router";
import { Home, RequireLogin, RequireOperator, RequireTenant } from "./guards";
import { PublicShell } from "./PublicShell";
import { Root, RouteFault } from "./Root";

type Page = { Component: React.ComponentType };

/** A page of an area, by the name it is exported with. */
function page<M extends object>(area: () => Promise<M>, name: keyof M & string) {
  return async (): Promise<Page> => {
    const pages = (await area()) as Record<string, React.ComponentType>;
    return { Component: pages[name] as React.ComponentType };
  };
}

const entry = () => import("../pages/public");
const account = () => import("../pages/account");
const instances = () => import("../pages/instances");
const usage = () => import("../pages/usage");
const billing = () => import("../pages/billing");
const members = () => import("../pages/members");
const roles = () => import("../pages/roles");
const developers = () => import("../pages/developers");
const audit = () => import("../pages/audit");
const security = () => import("../pages/security");
const sso = () => import("../pages/sso");
const support = () => import("../pages/support");
const provisioning = () => import("../pages/provisioning");
const admin = () => import("../pages/admin");

export const routes: RouteObject[] = [
  {
    element: <Root />,
    errorElement: <RouteFault />,
    children: [
      {
        element: <PublicShell />,
        children: [
          { path: "/", lazy: async () => ({ Component: (await import("../pages/public/Landing")).Landing }) },
          { path: "/sign-up", lazy: page(entry, "SignUp") },
          { path: "/verify-email", lazy: page(entry, "VerifyEmail") },
          { path: "/log-in", lazy: page(entry, "LogIn") },
          { path: "/log-in/second-step", lazy: page(entry, "SecondStepPage") },
          { path: "/forgot-password", lazy: page(entry, "ForgotPassword") },
          { path: "/reset-password", lazy: page(entry, "ResetPassword") },
          { path: "/operator-setup", lazy: page(entry, "OperatorSetup") },
          { path: "/invitation", lazy: page(entry, "Invitation") },
          { path: "/sso/link", lazy: page(entry, "SsoLink") },
          { path: "/sso/setup", lazy: page(sso, "SetupPage") },
          { path: "/open-refused", lazy: page(entry, "OpenRefused") },
          {
            path: "/docs/api",
            lazy: async () => ({
              Component: (await import("../pages/developer/RestReference")).RestReference,
            }),
          },
        ],
      },
      {
        element: <RequireLogin />,
        children: [
          { path: "/home", element: <Home /> },
          {
            lazy: async () => ({ Component: (await import("./PortalShell")).PortalShell }),
            children: [
              { path: "/start", lazy: page(instances, "Start") },
              {
                path: "/account",
                lazy: page(account, "AccountShell"),
                children: [
                  { index: true, lazy: page(account, "Account") },
                  { path: "security", lazy: page(account, "SecurityPage") },
                  { path: "sessions", lazy: page(account, "SessionsPage") },
                ],
              },
              {
                path: "/t/:tenant",
                element: <RequireTenant />,
                children: [
                  { index: true, lazy: page(instances, "InstanceList") },
                  { path: "instances/new", lazy: page(instances, "NewInstance") },
                  { path: "instances/:instance", lazy: page(instances, "InstancePage") },
                  { path: "usage", lazy: page(usage, "UsagePage") },
                  { path: "billing", lazy: page(billing, "BillingPage") },
                  { path: "members", lazy: page(members, "MembersPage") },
                  {
                    path: "roles",
                    lazy: page(roles, "RolesShell"),
                    children: [
                      { index: true, lazy: page(roles, "RolesPage") },
                      { path: "explain", lazy: page(roles, "ExplainPage") },
                    ],
                  },
                  {
                    path: "developers",
                    lazy: page(developers, "DevelopersShell"),
                    children: [
                      { index: true, lazy: page(developers, "ApiKeys") },
                      { path: "service-accounts", lazy: page(developers, "ServiceAccounts") },
                      { path: "webhooks", lazy: page(developers, "Webhooks") },
                      { path: "webhooks/:webhook", lazy: page(developers, "WebhookPage") },
                      {
                        path: "graphiql",
                        lazy: async () => ({
                          Component: (await import("../pages/developers/Explorer")).Explorer,
                        }),
                      },
                      { path: "examples", lazy: page(developers, "Examples") },
                      { path: "changelog", lazy: page(developers, "Changelog") },
                      { path: "limits", lazy: page(developers, "RateLimits") },
                    ],
                  },
                  {
                    path: "audit",
                    lazy: page(audit, "AuditShell"),
                    children: [
                      { index: true, lazy: page(audit, "AuditPage") },
                      { path: "settings", lazy: page(audit, "AuditSettingsPage") },
                    ],
                  },
                  { path: "security", lazy: page(security, "SecurityPage") },
                  { path: "security/provisioning", lazy: page(provisioning, "ProvisioningPage") },
                  { path: "support", lazy: page(support, "SupportPage") },
                  { path: "security/sso", lazy: page(sso, "SsoPage") },
                  { path: "security/sso/:connection", lazy: page(sso, "ConnectionPage") },
                ],
              },
            ],
          },
          {
            element: <RequireOperator />,
            children: [
              {
                path: "/admin",
                lazy: page(admin, "AdminShell"),
                children: [
                  {
                    lazy: page(admin, "AdminApi"),
                    children: [
                      { index: true, lazy: page(admin, "Overview") },
                      { path: "fleet", lazy: page(admin, "Fleet") },
                      { path: "fleet/:instance", lazy: page(admin, "FleetInstance") },
                      { path: "tenants", lazy: page(admin, "Tenants") },
                      { path: "tenants/:tenant", lazy: page(admin, "TenantPage") },
                      { path: "regions", lazy: page(admin, "Regions") },
                      { path: "jobs", lazy: page(admin, "Jobs") },
                      { path: "mail", lazy: page(admin, "Mail") },
                      { path: "support", lazy: page(admin, "Support") },
                      { path: "factors", lazy: page(admin, "LostFactors") },
                      { path: "audit", lazy: page(admin, "PlatformAudit") },
                      {
                        path: "graphiql",
                        lazy: async () => ({ Component: (await import("../pages/admin/Explorer")).Explorer }),
                      },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      },
      { path: "*", lazy: page(entry, "NotFound") },
    ],
  },
];
