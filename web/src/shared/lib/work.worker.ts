import { findNumber } from "./work";

interface Task {
  salt: string;
  difficulty: number;
}

self.onmessage = (event: MessageEvent<Task>) => {
  const { salt, difficulty } = event.data;
  void findNumber(salt, difficulty).then((number) => {
    self.postMessage(number);
  });
};
