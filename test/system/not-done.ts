// Not done: what this machine does not allow was not tried. It is no pass, and no breach either.

export class NotDone extends Error {}
