import { describe, expect, it } from 'vitest';
import { nginxConfig } from '../../bench/nginx-config.ts';

const facts = { folder: '/tmp/run/nginx', port: 4711, upstream: '127.0.0.1:4712', user: undefined };

describe('the configuration of nginx beside the balancer', () => {
  const config = nginxConfig(facts);

  it('is one worker that answers at the loopback interface alone and asks the upstream', () => {
    expect(config).toContain('worker_processes 1;');
    expect(config.match(/listen .*/g)).toEqual(['listen 127.0.0.1:4711;']);
    expect(config).toContain('server 127.0.0.1:4712 ');
  });

  it('passes bytes on as they come, over connections that stay', () => {
    for (const line of ['proxy_buffering off;', 'proxy_request_buffering off;', 'keepalive 256;'])
      expect(config).toContain(line);
  });

  it('writes nothing outside of its folder', () => {
    const paths = [...config.matchAll(/^\s*(?:pid|\w+_temp_path) (\S+);/gm)].map(([, path]) => path);
    expect(paths).toHaveLength(6);
    for (const path of paths) expect(path).toMatch(/^\/tmp\/run\/nginx\//);
    expect(config).toContain('access_log off;');
    expect(config).toContain('error_log stderr');
  });

  it('names the user of its worker only where it has to', () => {
    expect(config).not.toContain('user ');
    expect(nginxConfig({ ...facts, user: 'root' })).toMatch(/^user root;/);
  });
});
