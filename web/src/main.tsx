// Entry point of the page.
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./shared/api/queries";
import { App } from "./app/App";
import { connection } from "./shared/stream/store";
import { ErrorBoundary } from "./shared/ui/ErrorBoundary";
import { startTheme } from "./shared/ui/theme";
import { ToastProvider } from "./shared/ui/Toasts";
import "./shared/ui/tokens.css";

startTheme();
connection.start();
// For the installed page; browsers offer it on https and on this machine only.
if ("serviceWorker" in navigator) addEventListener("load", () => void navigator.serviceWorker.register("/service-worker.js").catch(() => undefined));

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <ErrorBoundary>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queryClient}>
          <ToastProvider>
            <App />
          </ToastProvider>
        </QueryClientProvider>
      </CSPProvider>
    </ErrorBoundary>
  </StrictMode>,
);
