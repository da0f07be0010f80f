import { useEffect, useState } from 'preact/hooks';

/** The server's time, anew several times a second while something counts down. ms */
export function useNow(skew: number, isRunning: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now + skew;
}
