/** What nginx needs to know to be a byte pipe. */
export interface NginxFacts {
  /** Everything that it writes lies there. */
  readonly folder: string;
  readonly port: number;
  /** Host and port. */
  readonly upstream: string;
  /** Its worker's name where it runs as root: the one who can read the folder. */
  readonly user: string | undefined;
}

/** Temporary files of modules, which it may want to have folders for though it never writes there. */
const MODULES = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const CONNECTIONS = 4096;

/**
 * A configuration of nginx that does what the bare pipe does: one worker that passes bytes on as they come, in both
 * directions, over connections that stay.
 */
export function nginxConfig({ folder, port, upstream, user }: NginxFacts): string {
  return [
    ...(user === undefined ? [] : [`user ${user};`]),
    'worker_processes 1;',
    'daemon off;',
    `pid ${folder}/nginx.pid;`,
    'error_log stderr error;',
    `events { worker_connections ${CONNECTIONS}; }`,
    'http {',
    '  access_log off;',
    '  client_max_body_size 0;',
    '  keepalive_timeout 120s;',
    '  keepalive_requests 100000000;',
    ...MODULES.map((name) => `  ${name}_temp_path ${folder}/${name};`),
    '  upstream provider {',
    `    server ${upstream} max_fails=0;`,
    '    keepalive 256;',
    '    keepalive_requests 100000000;',
    '  }',
    '  server {',
    `    listen 127.0.0.1:${port};`,
    '    location / {',
    '      proxy_pass http://provider;',
    '      proxy_http_version 1.1;',
    '      proxy_set_header Connection "";',
    '      proxy_buffering off;',
    '      proxy_request_buffering off;',
    '    }',
    '  }',
    '}',
    '',
  ].join('\n');
}
