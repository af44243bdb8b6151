// What a tab remembers: `keep(key, text or null)`, `kept(key)`. A page may forbid it: then nothing is.

export function kept(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key, text) {
  try {
    if (text === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // Forbidden or full.
  }
}
