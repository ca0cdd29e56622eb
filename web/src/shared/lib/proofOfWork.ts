interface Challenge {
  salt: string;
  difficulty: number;
  signature: string;
}

export interface WorkDone {
  salt: string;
  number: number;
  signature: string;
}

/** The part of a Worker that we use: a test puts its own in place. */
export type WorkerMaker = () => Worker;

// Its own file, as the content security policy wants: no blob and no inline script.
const makeWorker: WorkerMaker = () => new Worker(new URL("./work.worker.ts", import.meta.url), { type: "module" });

/** Solves a form's proof of work beside the page, which stays alive meanwhile. */
export function solve(challenge: Challenge, make: WorkerMaker = makeWorker): Promise<WorkDone> {
  const { salt, difficulty, signature } = challenge;
  const worker = make();
  return new Promise<WorkDone>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<number>) => {
      resolve({ salt, number: event.data, signature });
    };
    worker.onerror = () => {
      reject(new Error("This browser could not do the form's proof of work."));
    };
    worker.postMessage({ salt, difficulty });
  }).finally(() => {
    worker.terminate();
  });
}
