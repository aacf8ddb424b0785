/** Time of day with microseconds, from seconds since the epoch or since midnight. */
export const clock = (seconds: number): string => {
  const day = ((seconds % 86_400) + 86_400) % 86_400;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${two(day / 3600)}:${two((day / 60) % 60)}:${(day % 60).toFixed(6).padStart(9, '0')}`;
};
