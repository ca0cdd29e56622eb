import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { makeQueryClient } from "./app/queryClient";
import { router } from "./app/router";
import { startStream } from "./app/stream";
import { StreamContext } from "./shared/api/live";
import "./styles.css";

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");

const client = makeQueryClient();
const stream = startStream(client);

createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <StreamContext value={stream}>
        <RouterProvider router={router} />
      </StreamContext>
    </QueryClientProvider>
  </StrictMode>,
);
