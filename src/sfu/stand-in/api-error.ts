/** A refusal in the form of OpenAI's API: `type` says whose fault it is, `code` what it is. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly parameter: string | undefined;

  constructor(status: number, code: string, message: string, parameter?: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.parameter = parameter;
  }

  toJSON(): object {
    const type =
      this.status >= 500
        ? 'server_error'
        : this.status === 429
          ? 'rate_limit_error'
          : 'invalid_request_error';
    return { error: { message: this.message, type, param: this.parameter ?? null, code: this.code } };
  }
}
